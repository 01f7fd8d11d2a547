"""What breaks: processes, databases, networks, disks and clocks. R1 to R11 of attacks.md, in their short form.

R2 stands in tests/realtime/test_sequence.py and R4 to R6 with the channels (tests/channels_app/test_deliveries.py).
`bin/bench faults` runs the same scenes for as long as one likes.
"""
