// Package cachefile keeps tokens in a file that outlives the process: for command-line and
// desktop programs, and wherever processes of one user share what they have.
//
//	tokens, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
//	documents, err := cachefile.NewHTTPCache(cachefile.HTTPCacheOptions{Path: path + ".http"})
//	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
//		ClientID: id, Ports: keyport.Ports{TokenCache: tokens, HTTPCache: documents},
//	})
//
// The file has the format that every MSAL reads and writes (package domain/unified),
// in plain text: whoever reads it has the tokens. See docs/caching.md for which cache
// suits which program, and what other libraries see of the file.
//
// # Sealed, for programs that use this library only
//
//	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: cachekit.Key{ID: key.ID(), Secret: key.Text()}})
//	tokens, err := cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: folder, Sealer: keys})
//	problems, err := tokens.Verify(ctx)
//
// A [SealedTokenCache] is a folder with a sealed file for each user: who reads it learns sizes and times, and who
// writes it can delete (package adapters/cachekit says more). The key is one of adapters/keyring, or
// your own. [SealedTokenCache.Import] brings in what a plain file has. What follows holds for both, where it does not speak of other
// libraries: an update replaces one file under the lock of the folder, "<folder>/.lock"; leases
// are in "<folder>/.leases".
//
// # Many processes
//
// Any number of processes use one file. An update is: lock, read, merge, write another file, sync, rename, sync
// the folder. So a reader sees the old content or the new one and never waits, a crash leaves one of the two,
// and no update is lost. The locks, all beside the file:
//
//   - "<file>.lock" is locked with the operating system's lock, which ends with the process
//     that holds it. The lock file stays; one that was deleted or replaced while we waited is noticed.
//   - "<file>.lockfile" is what the extensions of MSAL Python, .NET, Node.js and Go look at. It is a second name of
//     "<file>.lock" while that is locked, or a file of its own where there are no second names. One that a crash
//     has left is taken over: at once when it is ours, after two seconds when nothing in it says whose it
//     was, and after half a minute when it is another's, whatever process id it holds.
//   - "<file>.leases" is a folder with a lock for each refresh token that is being redeemed:
//     [TokenCache] is a [ports.Locker], and a client uses it unasked.
//
// Other libraries write in place. A file that is empty or not whole is waited for, for a moment. They tell versions
// by the time of change, so that is a little ahead of the clock.
//
// A file system without locks, as some network file systems are, gives an [Error] and no write.
//
// # What is refused
//
// Files have mode 0600 and folders that are made have 0700, under every umask. A symbolic link, a
// device, a file of another user or one that others may write, and a folder in which others may
// rename files, are refused with an [Error] that names the remedy. A file that others may
// only read is replaced by one that they may not, at the first write. On Windows the
// folder's access control list decides; it is not looked at.
//
// # When something fails
//
// A full disk, a read-only file system or a missing permission gives an [Error], and the old
// content stays. The application then returns the token all the same, with the error in
// Result.Metadata.CacheError. A folder that was deleted is made again. A damaged file is searched for records;
// before it is written, it is copied to "<file>.damaged". [TokenCache.Verify] tells all this
// at a program's start.
//
// # What a hit costs
//
// One stat of the file, at any size: what was read is kept until inode, size, mode or time of
// change differ. (See docs/adr/0017-the-file-that-all-msals-share.md and docs/adr/0021-a-folder-of-sealed-files.md.)
package cachefile
