# SPDX-License-Identifier: Apache-2.0
"""The engines that are compared: each answers the flows of the made-up world with an outcome and what is violated."""
