// Package cachekit is for programs with a token store of their own: it makes a
// [ports.TokenCache] of any store of bytes, seals what is stored, and keeps it near.
//
//	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{
//		Active: cachekit.Key{ID: "2026-11", Secret: keyport.NewSecret(os.Getenv("CACHE_KEY"))}, // openssl rand -base64 32
//	})
//	cache, err := cachekit.FromBlobStore(store, cachekit.TokenCacheOptions{
//		CodecOptions: cachekit.CodecOptions{Sealer: keys},
//		OnProblem:    func(_ context.Context, p cachekit.Problem) { log.Print(p) },
//	})
//	near, err := cachekit.NewNearCache(cache, cachekit.NearCacheOptions{})
//	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{..., Ports: keyport.Ports{TokenCache: near}})
//
// # What to bring
//
// A [BlobStore]: read a value and its version, and write it if the version is still that. Most
// stores have it: UPDATE … WHERE version = ?, If-Match, a transaction. Let it be a [BlobLister] too, if it can
// list. A store with a field for each record takes [SealRecord], [OpenRecord],
// [domain.TokenSet.Diff] and [Swap] instead. Package ports/portstest checks either.
//
// # What is sealed
//
// Each record by itself, with AES-256-GCM, for its place: partition, kind, name, end and version. So
// who writes the store can delete, and nothing else: what was changed, moved, lengthened,
// cut off, taken from another user or sealed with another key is not used and told of, and
// the other records of the set and all other sets serve on. A set that is older than one which a cache has
// seen is told as well; one that was just made cannot know, and an access token's own end bounds what an old
// set is good for. Names of sets are digests. Sizes, times and how many records there are can be seen.
//
// What is opened with an older key is sealed with the active one at the next write. To change keys: accept the
// new one on all machines, make it active, and let the old one go when all that it sealed was
// written or is over. A set whose key is missing, or that a newer version of this
// library wrote, is never overwritten.
//
// # What a near cache may miss
//
// [NearCache] keeps sets in memory, at most [NearCacheOptions].MaxSets of them and each for MaxAge.
// What another process stores or signs out is seen MaxAge later at most. Refresh tokens are read from the store
// before they are redeemed, and updates go through. Calls of [NearCache.Invalidate], from a
// subscription to the store, make the time short.
//
// (See docs/own-cache.md and docs/adr/0018-sealed-records.md.)
package cachekit
