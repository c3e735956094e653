package certificates_test

import (
	"fmt"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/domain"
)

// A PFX file as a certificate authority hands it out.
func ExampleReadFile() {
	certificate, err := certificates.ReadFile("testdata/modern.pfx", domain.NewSecret("correct horse"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(certificate)
	for _, c := range certificate.Chain() {
		fmt.Println("-", c.Subject.CommonName)
	}
	// Output:
	// certificate of CN=app,O=Contoso
	// - app
	// - Intermediate
	// - Root
}

// A key whose certificate is known by its thumbprint only, as other libraries take it.
func ExampleParse() {
	_, err := certificates.Parse(certificates.Source{
		File:       "testdata/rsa-pkcs8.pem",
		Thumbprint: "1276F694974E136EA08A6322DAE20E01C9391AB40D6E488F414A1FB3515E5F85",
	})
	fmt.Println(err)
	// Output:
	// invalid Thumbprint: has 64 digits: it is a SHA-256; pass it as SHA256Thumbprint
}
