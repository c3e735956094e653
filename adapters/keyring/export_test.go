package keyring

// Passwords is what a stand-in for the operating system's key store implements.
type Passwords = passwords

// NewKeyStore is KeyStore with a stand-in.
func NewKeyStore(service string, store Passwords) Source {
	return keyStore{service, store, func() string { return "" }}
}

// Patience is how long a key store may take.
const Patience = patience
