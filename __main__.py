"""Let `pulumi up` in the repository itself run the quickstart.

`main: examples/quickstart` in Pulumi.yaml would not do: Pulumi looks for a relative `virtualenv` beside Pulumi.yaml for
the program, but in the folder of `main` for a dynamic provider.
"""

import runpy

runpy.run_path("examples/quickstart")
