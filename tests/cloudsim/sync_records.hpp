// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cloudsim/cluster.hpp"
#include "edgecore/beehive/message.hpp"

namespace edgecore::cloudsim {

/// The versions that each node has acknowledged: the cluster's ObjectSync and ClusterObjectSync objects
/// (protocol/02-metamanager.md §5.2). `cluster` must outlive it.
class SyncRecords {
 public:
  explicit SyncRecords(Cluster& cluster) : cluster_(cluster) {}

  /// The acknowledged version of the message's object; nullopt if the node was never sent it.
  [[nodiscard]] std::optional<std::uint64_t> acked(const std::string& node,
                                                   const beehive::Message& message) const;
  /// Creates the record with version "0" if there is none.
  void open(const std::string& node, const beehive::Message& message);
  /// The ack came: records the message's version, or removes the record after a deletion.
  void acknowledge(const std::string& node, const beehive::Message& message);
  /// Removes all records of a deleted Node.
  void forget_node(const std::string& node);

  /// One record as the sync loop sees it.
  struct Record {
    std::string node;
    std::string uid;
    std::string ns;  ///< "" for cluster scope
    std::string api_version;
    std::string kind;
    std::string name;
    std::uint64_t version = 0;
  };
  [[nodiscard]] std::vector<Record> all() const;
  void drop(const Record& record);

 private:
  void write(const std::string& node, const beehive::Message& message, const std::string& version);

  Cluster& cluster_;
};

}  // namespace edgecore::cloudsim
