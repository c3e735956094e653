module github.com/seed57855a68/keyport/adapters/keyring

go 1.26.0

require (
	github.com/godbus/dbus/v5 v5.2.2
	github.com/gofrs/flock v0.13.1
	github.com/seed57855a68/keyport v0.0.0
	github.com/zalando/go-keyring v0.2.8
	go.uber.org/goleak v1.3.0
	golang.org/x/crypto v0.59.0
)

require (
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace github.com/seed57855a68/keyport => ../..
