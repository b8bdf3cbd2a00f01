# bash completion of ecsctl                                -*- shell-script -*-
# SPDX-License-Identifier: GPL-2.0-only

_ecsctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} verb='' words='' i verb_at=0
	local options='--json --pretty --quiet --help' list

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
			# Every pid, and the names that mean nothing to a shell: who
			# runs a VM chooses its name, and we are the administrator.
			words+=" $(ecsctl --pretty list 2>/dev/null | LC_ALL=C sed -n \
				-e 's/^ *"name": "\([A-Za-z0-9._:+@-]*\)",$/\1/p' \
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
	# Not compgen -W, which expands the words.
	read -r -d '' -a list <<<"$words"
	for i in "${list[@]}"; do
		[[ $i == "$cur"* ]] && COMPREPLY+=("$i")
	done
	if [[ ${COMPREPLY[*]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

complete -F _ecsctl ecsctl
