// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "cloudsim/cluster.hpp"
#include "edgecore/kube/selector.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

/// Which objects of a kind a client asks for.
struct Selection {
  kube::LabelSelector labels;
  kube::FieldSelector fields;

  /// Throws ApiError for what an API server answers 400: text that is no selector, fields that the kind does
  /// not offer.
  static Selection parse(const ResourceKind& kind, const std::string& labels, const std::string& fields);
  [[nodiscard]] bool matches(const Json& object) const {
    return test::matches_object(labels, object) && fields.matches(object);
  }
};

/// Lists, in pages when the client wants them: all pages of one list show the cluster as it was at the first,
/// as an API server reads them from one revision. The last few lists are kept; a token of an older one is
/// answered 410. One thread.
class Pages {
 public:
  explicit Pages(const Cluster& cluster) : cluster_(cluster) {}

  struct Request {
    const ResourceKind* kind = nullptr;
    std::string ns;
    std::string label_selector;
    std::string field_selector;
    std::int64_t limit = 0;  ///< 0: everything
    std::string token;       ///< of the page before; "" for the first
  };
  struct Page {
    std::vector<Object> objects;
    Json metadata;  ///< resourceVersion; continue and remainingItemCount when there is more
  };
  /// Throws ApiError.
  Page read(const Request& request);

 private:
  struct List {
    std::string id;
    std::uint64_t version = 0;
    std::vector<Object> objects;
    bool selected = false;
  };
  const List& find(const Request& request, std::size_t& begin);

  const Cluster& cluster_;
  std::deque<List> lists_;
};

/// A list document of a page: kind, apiVersion, metadata, items in the kind's version.
Json list_document(const ResourceKind& kind, const Pages::Page& page);

}  // namespace edgecore::cloudsim
