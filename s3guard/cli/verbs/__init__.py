"""What s3guard can be told to do: a verb a file, found by its name; the file's name is the registration.

A verb is a module with

* a function of the module's name, which typer reads: its parameters are the verb's arguments and flags, its docstring the help,
  its result the exit code,
* `EXAMPLES`: lines for the end of the help page,
* `ORDER`: its place in the list of verbs.

A folder is a group of verbs, found the same way: its ``__init__.py`` has `HELP`, `EXAMPLES` and `ORDER`, and ``sign_off.py`` is the verb
``sign-off`` with the function ``sign_off``.

A verb imports what is heavy when it runs, since its module is imported for ``--help`` as well.
"""
