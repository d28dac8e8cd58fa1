// SPDX-License-Identifier: Apache-2.0
// Holds the precompiled header `pure.hpp`.
namespace edgecore {}
