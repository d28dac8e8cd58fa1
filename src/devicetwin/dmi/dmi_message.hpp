// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "edgecore/beehive/message.hpp"
#include "edgecore/devicetwin/dmi.hpp"

namespace edgecore::devicetwin {

/// A request of a mapper as a message for the module's own mailbox: it waits its turn there with everything
/// else, and a full mailbox refuses it.
[[nodiscard]] beehive::Message dmi_message(const DmiRequest& request);
[[nodiscard]] bool is_dmi_message(const beehive::Message& message);
/// Of the content of such a message.
[[nodiscard]] DmiRequest dmi_request(const nlohmann::json& content);

}  // namespace edgecore::devicetwin
