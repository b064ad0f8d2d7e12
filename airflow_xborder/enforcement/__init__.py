# SPDX-License-Identifier: Apache-2.0
"""The points where tasks are stopped: the cluster policy and the guard that it attaches."""
