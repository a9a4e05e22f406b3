"""How Sphinx builds the site: ``make docs``. Nothing comes from the network, and a warning is an error."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from sheetsync import __version__

project = "Sheetsync"
author = "Sheetsync contributors"
project_copyright = "the Sheetsync contributors, MIT licence"
version = release = __version__

extensions = ["myst_parser", "http_api"]
exclude_patterns = ["_build", "_ext", "requirements.txt"]
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = True

myst_heading_anchors = 4  # links such as operations.md#restore, as code hosts make them
myst_enable_extensions = ["colon_fence"]
highlight_language = "none"  # blocks without a language are shown as they are

html_theme = "furo"
html_title = f"Sheetsync {__version__}"
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
