"""A campaign of faults: what users, crashes and disks can do to the program, tried by the thousand.

`python -m tests.campaign --short` takes two minutes, `python -m tests.campaign` under an hour on two cores.
A part a file: kills, configs, data, folders, commands, disks. Each draws its trials from a seed.
"""
