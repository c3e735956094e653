// Package keyring keeps the key with which a token cache is sealed: in the operating system's
// key store, and where there is none, in places that a service, a container or a session over SSH has too.
//
//	key, choice, err := keyring.Default(ctx, keyring.Options{Name: "my-tool"})
//	// err names the remedy; choice.String() says where the key is, and why not elsewhere
//	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: cachekit.Key{ID: key.ID(), Secret: key.Text()}})
//	tokens, err := cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: folder, Sealer: keys})
//
// # The ladder
//
// [Default] takes the first that works:
//
//  1. a systemd credential: the operator gave the key to the service, in $CREDENTIALS_DIRECTORY ([Credential])
//  2. the key store: Secret Service on Linux, Keychain on macOS, Credential Manager (DPAPI) on Windows ([KeyStore])
//  3. systemd-creds: a file that only this machine can decrypt, with its host key or its TPM ([SystemdCreds])
//  4. a passphrase, when Options.Passphrase can ask for one ([Passphrase])
//  5. a key file with mode 0600 in a folder with mode 0700 ([KeyFile])
//
// All of them survive a reboot. What was chosen is written to the file "source" in Options.Folder, and the
// next start takes the key from there and nowhere else: a tool that is used on a desktop and over SSH
// does not get two keys. When the recorded place does not answer (a locked key store, a forgotten
// passphrase), the error says so; there is no second key and never plain text. To begin anew, delete
// the folder: what was sealed before can then not be opened, and users sign in again.
//
// [Options].Sources is another ladder, of these and your own.
//
// # What it protects from
//
// From who gets hold of the cache file alone: a backup, a copied home folder, a lost disk. Not from other
// programs of the same user: they can ask an unlocked key store as well. A key file beside the
// cache protects only copies in which it is missing; keep it elsewhere with [KeyFile] if you can.
//
// # What was tried
//
// Linux: Secret Service with gnome-keyring (open, locked, after a restart), systemd-creds with a host key, files and
// passphrases. Compiled, and tried only against a stand-in: Keychain and Credential Manager. Not tried: KWallet,
// a TPM, and systemd-creds as another user than root, which asks systemd 256 or later (`--user`). On
// Windows the folder's access control list decides who reads a key file; it is not looked at.
//
// (See docs/adr/0020-where-the-key-is-kept.md.)
package keyring
