// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace edgecore::net {

/// Addresses and links of this machine, changed through rtnetlink: no shell and no program of the machine is
/// needed. Blocking, but the kernel answers at once. Any thread; the calling thread's network namespace.
/// Whatever the kernel refuses is a SystemError with a sentence (EPERM without CAP_NET_ADMIN); text that is
/// no IP address is BadInput.

/// Whether an interface that is up (loopback included) has this address.
bool has_address(const std::string& ip);

/// Makes a link of kind `dummy`, which carries addresses and no traffic. One of that name that is there, of
/// whatever kind, is taken as it is. False when this kernel has no links of that kind.
bool add_dummy_link(const std::string& name);

void set_link_up(const std::string& name);

/// Gives the link the address alone, without a network around it (/32, /128). On `lo` it is of scope host, so
/// that nothing is sent from it. A link that has it already is fine.
void add_host_address(const std::string& link, const std::string& ip);

}  // namespace edgecore::net
