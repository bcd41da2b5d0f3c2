"""One command a file: HELP, add_arguments(parser), run(args) -> exit code. `cli.py` lists them."""
