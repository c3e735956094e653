// Package cachememory keeps tokens and documents in the memory of the process. It
// is what clients use when they are given no cache.
//
//	tokens := cachememory.NewTokenCache(cachememory.TokenCacheOptions{})
//	documents := cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
//
// # When memory is the right cache
//
// A service or daemon that asks for tokens in its own name loses nothing with its
// memory: the next process asks for new ones. The same holds for tokens got on
// behalf of callers, and for managed identities.
//
// Memory dies with the process. A command that runs for a second and a desktop
// program would send their user to the sign-in page at each start, and a web
// application on several machines knows a user on one of them only: keep user
// tokens in a file or in a shared store.
//
// Share one cache between the clients of a process. Partitions keep their tokens
// apart, and the bounds below then hold for all of them together.
//
// # What bounded means
//
// [TokenCache] holds at most [TokenCacheOptions].MaxPartitions token sets.
//
//   - A set is dropped after the end of its longest-lived token. Each Update looks
//     at a few sets of the cache for such ones, so no call pays for all of them, and
//     a cache that is not written to does not shrink.
//   - A full cache makes room for a new set. It looks at the next few dozen and drops
//     the first of the lowest rank: one that is over; one of tokens that the program
//     can have again by itself (application, assertion, machine); one of a user,
//     whose refresh token only the user could replace. Within a rank, those that were
//     not read since the cache last came by go first.
//   - A set without any token, an account alone, has no end of its own and is the
//     first to go when room is needed.
//
// [HTTPCache] is bounded in entries and bytes.
//
// # What a read costs
//
// [TokenCache.Load] takes no lock, allocates nothing and, for a set in use, writes
// nothing: it follows pointers that writers publish atomically. Any number of
// goroutines read one token without slowing each other. (See
// docs/adr/0010-lock-free-memory-cache.md.)
package cachememory
