// Holds the precompiled header `pure.hpp`.
namespace edgecore {}
