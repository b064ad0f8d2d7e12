# SPDX-License-Identifier: Apache-2.0
"""What the services ask of the world: Protocols, each with its contract in the docstring."""
