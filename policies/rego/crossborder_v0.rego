# SPDX-License-Identifier: Apache-2.0
# The policy of crossborder.rego in the syntax from before OPA 1.0; a newer server reads it with --v0-compatible.
package crossborder

default allow = false

# Data may move inside its region.
allow {
	input.request.region_from == input.request.region_to
}

# It may leave the EU for the US for inference, with consent.
allow {
	input.request.region_from == "EU"
	input.request.region_to == "US"
	input.request.purpose == "model_inference"
	input.request.consent == true
}
