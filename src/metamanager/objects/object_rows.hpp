// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edgecore/beehive/message.hpp"
#include "edgecore/store/meta_v2.hpp"
#include "edgecore/store/source.hpp"
#include "metamanager/objects/object.hpp"
#include "metamanager/objects/row_key.hpp"
#include "metamanager/objects/served_kinds.hpp"

/// Turns an object into rows of `meta` and `meta_v2`, and removes them (protocol/02-metamanager.md §1.3 to
/// §1.5). `ObjectWrite` and `ObjectRemoval` are made on the module's thread and applied in a store job.
namespace edgecore::metamanager {

/// An object's JSON text, shared by all rows and messages that carry it.
using SharedText = std::shared_ptr<const std::string>;

struct ServedRow {
  store::meta_v2::Row row;  ///< without its value
  SharedText value;
};
/// The rows that MetaServer serves an object from: none for types containing "status" and for objects without
/// a kind; one per item for a List (§1.3). `text` is the object's.
[[nodiscard]] std::vector<ServedRow> served_rows(ServedKinds& kinds, const Json& object,
                                                 const beehive::ResourcePath& path, const SharedText& text);

/// An object to be written to the database.
struct ObjectWrite {
  beehive::ResourcePath path;
  Identity identity;
  SharedText text;
  std::vector<ServedRow> served;
  /// Write only if a row of the same uid is there: a status reply must not bring a deleted pod back.
  bool only_if_present = false;
};
[[nodiscard]] std::shared_ptr<const ObjectWrite> make_write(ServedKinds& kinds,
                                                            const beehive::ResourcePath& path,
                                                            const Json& object, bool only_if_present = false);

struct WriteOutcome {
  enum class Kind {
    kStored,
    /// The stored object is newer, or has the same version and changes that this node must still send to the
    /// cloud. `newer` holds its text.
    kStale,
    kAbsent,   ///< only_if_present, and it was not there
    kRemoved,  ///< outcomes of a removal
    kNotThere,
    kOtherUid,
  } kind = Kind::kStored;
  std::string newer = {};
  bool replaced = false;  ///< kStored: the row held another version
};
WriteOutcome apply(store::Transaction& into, const ObjectWrite& write);

struct ObjectRemoval {
  beehive::ResourcePath path;
  std::string uid;               ///< only this object is removed; "" (never for pods): whichever is there
  std::string resource_version;  ///< of the deletion, from the cloud; may be ""
  /// Possible keys in `meta_v2`. If there are several, only a row with this uid is removed.
  std::vector<std::string> served_keys;
};
[[nodiscard]] std::shared_ptr<const ObjectRemoval> make_removal(ServedKinds& kinds,
                                                                const beehive::ResourcePath& path,
                                                                const Json& content);
/// Removing a pod also removes its tokens.
WriteOutcome apply(store::Transaction& from, const ObjectRemoval& removal);

}  // namespace edgecore::metamanager
