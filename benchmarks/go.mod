module github.com/seed57855a68/keyport/benchmarks

go 1.26

require (
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1
	github.com/seed57855a68/keyport v0.0.0
	golang.org/x/oauth2 v0.38.0
)

replace github.com/seed57855a68/keyport => ../
