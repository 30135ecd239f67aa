"""How ``make docs`` builds the site. Nothing is fetched while it builds."""

from __future__ import annotations

import sys
from pathlib import Path

from pulumi_dpc import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "pulumi_dpc"
author = "the contributors of pulumi_dpc"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "llms_txt",
    "public_api",
]
exclude_patterns = ["_ext"]
nitpicky = True

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 72
python_use_unqualified_type_names = True
add_module_names = False

copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_title = f"pulumi_dpc {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
