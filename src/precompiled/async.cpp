// Holds the precompiled header `async.hpp`.
namespace edgecore {}
