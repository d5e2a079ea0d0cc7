"""One file a command; the folder is the registry. A command has HELP, add_arguments(parser) and run(args, screen)."""
