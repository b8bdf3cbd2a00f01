# SPDX-License-Identifier: GPL-2.0
"""Plots of both benchmarks: data files, a script, and what gnuplot makes of them."""
import shutil
import subprocess

TERMINALS = {"svg": "svg size {width},{height} font 'sans,13' background 'white'",
             "png": "png size {width},{height}"}


def draw(folder, name, script, files, height, width=900):
    """Write name.gp and its data files, then name.svg and .png: None, or why not.

    `script` is for gnuplot, but for its terminal and output.
    """
    for old in folder.glob(f"{name}[-.]*"):
        old.unlink()
    for file, text in files.items():
        (folder / file).write_text(text)
    (folder / f"{name}.gp").write_text(
        f"# gnuplot -e \"set terminal svg; set output '{name}.svg'\" {name}.gp\n{script}")
    if not shutil.which("gnuplot"):
        return "gnuplot is not installed (gnuplot-nox)"
    for kind, terminal in TERMINALS.items():
        terminal = terminal.format(width=width, height=height)
        done = subprocess.run(
            ["gnuplot", "-e", f"set terminal {terminal}; set output '{name}.{kind}'",
             f"{name}.gp"], cwd=folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        if done.returncode:
            return f"gnuplot: {done.stdout.strip()}"
    return None
