// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "edgecore/beehive/message.hpp"

/// The answers that keep CloudHub's queue for this node moving (protocol/02-metamanager.md §2.4, §2.5). Pure
/// functions, any thread.
namespace edgecore::metamanager {

/// "OK" to a message from the cloud: operation `response`, its id as parent, source, group, resource and type
/// echoed; insert and delete of `devicecontroller` are acknowledged with source `meta`, group `twin`. Send it
/// only when the message's object is on disk, or can never be used.
[[nodiscard]] beehive::Message make_ack(const beehive::Message& received);

/// "Not stored, send it again": the cloud does so after 5 s.
[[nodiscard]] beehive::Message make_refusal(const beehive::Message& received, std::string_view why);

/// Whether CloudHub sends this message again until it is acknowledged. Where the node cannot know, the answer
/// is true, because an ack that is not needed does no harm.
[[nodiscard]] bool wants_ack(const beehive::Message& received);

}  // namespace edgecore::metamanager
