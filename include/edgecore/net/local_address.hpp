// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::net {

/// Changes addresses and links of this machine through rtnetlink, without a shell or an external program.
/// Blocking, but the kernel answers at once. Any thread; acts in the calling thread's network namespace. A
/// refusal of the kernel is a SystemError (EPERM without CAP_NET_ADMIN); a malformed IP address is BadInput.

/// True if an interface that is up (loopback included) has this address.
bool has_address(const std::string& ip);

/// Makes a link of kind `dummy`, which carries addresses and no traffic. Accepts an existing link of that
/// name, of whatever kind. False if this kernel does not support dummy links.
bool add_dummy_link(const std::string& name);

void set_link_up(const std::string& name);

/// Adds the address to the link as /32 or /128. On `lo` it gets scope host, so that the kernel never sends
/// from it. Does nothing if the link has the address already.
void add_host_address(const std::string& link, const std::string& ip);

}  // namespace edgecore::net
