# SPDX-License-Identifier: Apache-2.0
"""What a gate costs, as ratios measured side by side in one run. Nothing here passes or fails but engines that differ."""
