// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace edgecore::store {

class Connection;

/// Makes the tables and columns that are missing, in one transaction, and leaves what else there is alone: as
/// the Go EdgeCore does (protocol/02-metamanager.md §1.1). Where EdgeCore v1.23 has put its columns beside
/// those of v1.17 (§11), brings both up to date and sets `Connection::mirrors_v123`. Throws StoreError, or
/// Error for a table that cannot be brought into shape. Marks a database without any `meta` row as in need of
/// everything from the cloud (info::resync_needed). Writes nothing when there is nothing to do.
void prepare_schema(Connection& connection);

}  // namespace edgecore::store
