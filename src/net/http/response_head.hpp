// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edgecore::net {

/// Length of the head at the start of `bytes`, its empty line included; 0 if it is not whole yet. Lines end
/// with LF or CRLF. `searched`: so many bytes are known to hold no end; set for the next call.
std::size_t head_length(std::string_view bytes, std::size_t& searched);

/// The head of a response in the strict form that Beast's grammar takes.
struct PlainHead {
  std::string text;
  bool may_keep = true;  ///< false: where the body ends is in doubt, so nothing may follow on the connection
  int fault = 0;         ///< status for HttpFault, 0 if the head is good
  std::string sentence;  ///< of the fault
};

/// Takes what Go's net/http client takes from small servers, which probes depend on: a status line without a
/// reason phrase, LF as the end of a line, a field continued on the next line, a name with a space in it (the
/// field is left out), both Transfer-Encoding and Content-Length (the first counts). A Transfer-Encoding
/// other than one "chunked" is a fault, because the end of the body is unknown.
PlainHead plain_head(std::string_view head);

/// The Transfer-Encoding of a message is understood if it is missing or exactly "chunked" (RFC 9112 §6.1).
/// `values`: number of its lines; `last`: the last one's value.
bool is_known_coding(std::size_t values, std::string_view last);

}  // namespace edgecore::net
