# SPDX-License-Identifier: Apache-2.0
"""What every test has: the guards. Servers are in ``integration/conftest.py`` and start when a test asks."""

pytest_plugins = ["tests.tools.guards", "tests.tools.fixtures"]
