// Package unified reads and writes the cache file that every MSAL shares: JSON with
// the sections AccessToken, RefreshToken, IdToken, Account and AppMetadata. It is
// pure: bytes in, records out, and back.
//
//	cache, problems := unified.Parse(data)
//	set := cache.Load(partition)              // what a domain.TokenSet holds of it
//	cache, err := cache.Store(partition, set) // a new Cache; the old one stays as it is
//	data = cache.Bytes()
//
// # What is kept
//
// Everything that is not changed keeps its bytes: sections, records and fields that
// this package does not know, and records that it knows. A record that is changed
// keeps the fields that others have put into it.
//
// # Whose records are whose
//
// The file has no partitions. A token belongs to the user partition of its client and
// home account id; a token without a home account id, for one "/.default" scope, to the
// application's; a refresh token with a family id to the family's as well. Accounts
// have no client in the file, so all clients of the user have them, and
// what is known of a client is shared by all its users. Where that is more than was
// stored, the package's own section says what is left out.
//
// # What has no place in the schema
//
// Tokens on behalf of others, of managed identities, of a B2C policy, bound to a key,
// or got with extra keyed parameters, would be served to the wrong request by others
// who read the file. They are in a section of their own, "Keyport", which others keep
// and do not read. The same section has what would not come back as it was: each
// record is read again before it is written. And those of others are
// kept but not used here.
//
// # What is not believed
//
// A record whose fields do not agree with its name in the file, or that cannot be read, is
// set aside: it stays where it is, is not used, and is told of as a [Problem]. A document that is
// not JSON is searched for records; [Cache.Damaged] then says that writing the cache would
// lose the rest. Problems hold no personal data and no secrets.
//
// (See docs/adr/0017-the-file-that-all-msals-share.md.)
package unified
