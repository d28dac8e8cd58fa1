// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

#include "edgecore/base/process.hpp"

/// A walk of a directory tree that a container may have made, and may still be changing: for removal, usage
/// and fsGroup.
namespace edgecore::edged {

/// One entry of a directory. Valid during the call.
struct TreeEntry {
  int parent;  ///< descriptor of the directory
  const char* name;
  const struct stat& about;  ///< of the entry itself, also if it is a link
};

/// What to do with the entries. The defaults throw Error where the walk cannot see everything.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;

  /// An entry that is not a directory.
  virtual void file(const TreeEntry& entry) = 0;
  /// A directory, before its entries; false: it is not entered.
  virtual bool enter(const TreeEntry& entry) = 0;
  /// A directory and the top of the tree, after its entries. `directory` is open for reading.
  virtual void finished(int /*directory*/) {}
  /// A directory that `finished` was called for, in its parent. Not called for the top, nor for one deeper
  /// than kOpenLevels whose name was not found again.
  virtual void left(int /*parent*/, const std::string& /*name*/) {}

  /// A directory on another file system; it is not entered.
  virtual void foreign(const TreeEntry& entry) = 0;
  /// A directory at the limit of the levels; it is not entered.
  virtual void too_deep(const TreeEntry& entry);
  /// An entry that is there and cannot be read; the walk goes on behind it.
  virtual void unreadable(const char* name, int error);
  /// A directory deeper than kOpenLevels was moved meanwhile: what is left of it is not visited.
  virtual void moved();
};

/// So many of the outermost directories are held open; of those further down only the current one is, and
/// the way back leads through "..".
inline constexpr std::size_t kOpenLevels = 32;
/// Levels that a walk enters: 16 bytes of memory each. A path of the greatest length has 2,048.
inline constexpr std::size_t kMostLevels = std::size_t{1} << 18U;

/// Visits everything below `top` that is on its file system, without following links, in the order of the
/// directories. Uses descriptors only, so the tree may be of any depth, and a container that exchanges
/// directories for links cannot lead the walk out of it: a parent reached through ".." must be the directory
/// that was left. Reads directories as streams, so the number of entries needs no memory either. Skips
/// entries that vanish meanwhile. Blocks. Throws what the visitor throws, and SystemError without
/// descriptors.
void walk_tree(const FileDescriptor& top, TreeVisitor& visitor, std::size_t most_levels = kMostLevels);

}  // namespace edgecore::edged
