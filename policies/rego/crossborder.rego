# SPDX-License-Identifier: Apache-2.0
# A small policy of one's own, to stand beside the packs. It needs OPA 0.59 or newer.
# input.request has region_from, region_to, purpose and consent; input.flow is the whole flow.
package crossborder

import rego.v1

default allow := false

# Data may move inside its region.
allow if input.request.region_from == input.request.region_to

# It may leave the EU for the US for inference, with consent.
allow if {
	input.request.region_from == "EU"
	input.request.region_to == "US"
	input.request.purpose == "model_inference"
	input.request.consent == true
}
