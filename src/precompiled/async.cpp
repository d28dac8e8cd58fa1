// SPDX-License-Identifier: Apache-2.0
// Holds the precompiled header `async.hpp`.
namespace edgecore {}
