// Command quickstart shows a service getting its tokens: first from a token server
// that the program starts itself, so it needs no network and no registration.
//
//	go run ./examples/quickstart
//
// With an application of your own it asks the real server, and shows what it can
// show there: a token, the cache, a renewal.
//
//	CLIENT_SECRET=… go run ./examples/quickstart \
//	    -authority https://login.microsoftonline.com/contoso.onmicrosoft.com -client-id 1111…
//	go run ./examples/quickstart -certificate app.pfx -authority … -client-id …
//	CLIENT_SECRET=… go run ./examples/quickstart -issuer https://id.example.com -client-id … -scope api:read
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/seed57855a68/keyport"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "\nquickstart:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var r registration
	flag.StringVar(&r.authority, "authority", os.Getenv("AUTHORITY"), "URL of a Microsoft token `server`, with the tenant")
	flag.StringVar(&r.issuer, "issuer", os.Getenv("ISSUER"), "issuer `URL` of any other OpenID Connect provider")
	flag.StringVar(&r.clientID, "client-id", os.Getenv("CLIENT_ID"), "application (client) `ID`")
	flag.StringVar(&r.certificate, "certificate", os.Getenv("CLIENT_CERTIFICATE"), "PEM or PFX `file`; its passphrase is in CERTIFICATE_PASSPHRASE")
	flag.StringVar(&r.scope, "scope", "https://graph.microsoft.com/.default", "what the token is for")
	flag.Parse()
	r.secret, r.passphrase = os.Getenv("CLIENT_SECRET"), os.Getenv("CERTIFICATE_PASSPHRASE")

	show := story{out: os.Stdout}
	if r.authority == "" && r.issuer == "" && r.clientID == "" {
		return show.atHome(ctx)
	}
	return show.abroad(ctx, r)
}

// registration is an application of the reader's own.
type registration struct {
	authority, issuer, clientID, scope string
	secret, certificate, passphrase    string
}

func (r registration) credential() keyport.Credential {
	if r.certificate == "" {
		return keyport.ClientSecret(r.secret)
	}
	return keyport.ClientCertificate(
		keyport.CertificateSource{File: r.certificate, Passphrase: keyport.NewSecret(r.passphrase)}, keyport.CertificateOptions{},
	)
}
