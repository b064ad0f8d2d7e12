# SPDX-License-Identifier: Apache-2.0
"""Ways to move data between stores with the obligations of an answer carried out."""
