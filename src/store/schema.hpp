// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::store {

class Connection;

/// Creates missing tables and columns in one transaction and leaves everything else alone, as the Go EdgeCore
/// does (protocol/02-metamanager.md §1.1). If EdgeCore v1.23 has added its columns (§11), updates both sets
/// and sets `Connection::mirrors_v123`. Sets info::resync_needed in a database without a `meta` row. Writes
/// nothing if nothing is missing. Throws StoreError, or Error for a table that cannot be upgraded.
void prepare_schema(Connection& connection);

}  // namespace edgecore::store
