"""What s3guard can be told to do: a verb a file, found by its name; the file's name is the registration.

A verb is a module with

* a function of the module's name, which typer reads: its parameters are the verb's arguments and flags, its docstring the help,
  its result the exit code,
* `EXAMPLES`: lines for the end of the help page,
* `ORDER`: its place in the list of verbs.

It imports what is heavy when it runs, since its module is imported for ``--help`` as well.
"""
