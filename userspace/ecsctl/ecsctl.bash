# bash completion of ecsctl                                -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-only

_ecsctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' words='' i verb_at=0
	local options='--json --pretty --quiet --help'

	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			verb=${COMP_WORDS[i]}
			verb_at=$i
			break
		fi
	done
	COMPREPLY=()
	case $verb in
	'')
		words="status list show enable disable set boost unboost limit doctor guest version help"
		words+=" $options --version"
		;;
	help)
		words="status list show enable disable set boost unboost limit doctor guest version"
		;;
	enable | disable | status | show | boost | unboost | limit)
		case $verb in
		enable)
			options+=' --observe --grace --grace-sleep --recheck'
			options+=' --budget --burst --hints --waiters --yield'
			;;
		disable) options+=' --all' ;;
		boost)
			options+=' --sbt --usbt --borrow --backend --vcpu --tid'
			;;
		unboost) options+=' --all --vcpu --tid' ;;
		limit) options+=' --max-sbt --min-usbt --none' ;;
		esac
		words=$options
		;;
	set)
		words="$options --hints"
		if ((COMP_CWORD > verb_at + 1)); then
			words+=' mode=off mode=observe mode=on grace='
			words+=' grace-sleep= recheck= budget= burst= hints= waiters=extend'
			words+=' waiters=refuse yield=on yield=off'
		fi
		;;
	*)
		words=$options
		;;
	esac
	case $verb in
	enable | disable | status | show | set | boost | unboost | limit)
		if [[ $cur != -* && $words != *mode=* ]]; then
			# names without spaces, and every pid
			words+=" $(ecsctl --pretty list 2>/dev/null | sed -n \
				-e 's/^ *"name": "\([^" \\]*\)",$/\1/p' \
				-e 's/^ *"pid": \([0-9]*\),$/pid:\1/p')"
		fi
		;;
	esac
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--backend)
		words='auto pick fifo'
		;;
	--hints)
		words='preempted overcommit preempted,overcommit all none'
		;;
	--waiters)
		words='extend refuse'
		;;
	--yield)
		words='on off'
		;;
	--sbt | --usbt | --borrow | --vcpu | --tid | --max-sbt | --min-usbt)
		words=''
		;;
	esac
	while read -r i; do
		COMPREPLY+=("$i")
	done < <(compgen -W "$words" -- "$cur")
	if [[ ${COMPREPLY[*]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

complete -F _ecsctl ecsctl
