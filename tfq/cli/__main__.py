"""`python -m tfq.cli` is `tfq`."""

from tfq.cli import main

main()
