package certificates

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// maxBlocks bounds the work on a text that is nothing but headers.
const maxBlocks = 64

func looksLikePEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN ")) }

// blocks returns the PEM blocks of a text. A damaged one is an error, although
// pem.Decode passes over it: a certificate must not get lost without a word.
func blocks(field string, data []byte) ([]*pem.Block, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors put a byte order mark in front
	count := bytes.Count(data, []byte("-----BEGIN "))
	if count > maxBlocks {
		return nil, bad(field, "has more than 64 PEM blocks", "pass one key and its chain", nil)
	}
	var out []*pem.Block
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		out, data = append(out, block), rest
	}
	if len(out) < count {
		return nil, bad(field, "has a PEM block that cannot be decoded", `check that the file is whole and that each "-----BEGIN" begins a line`, nil)
	}
	return out, nil
}

// parsePEM finds the one key and the certificates beside it.
func parsePEM(data []byte, passphrase domain.Secret) (crypto.Signer, []*x509.Certificate, error) {
	list, err := blocks("PEM", data)
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, bad("PEM", "holds no PEM block", `pass the text from "-----BEGIN" to "-----END", or PFX for a binary file`, nil)
	}
	var key crypto.Signer
	var chain []*x509.Certificate
	for _, block := range list {
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, bad("PEM", "holds a certificate that cannot be parsed", "check that the file is whole", nil)
			}
			chain = append(chain, c)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			if key != nil {
				return nil, nil, bad("PEM", "holds two private keys", "keep the one that the certificate was issued for", nil)
			}
			if key, err = keyOf(block, passphrase); err != nil {
				return nil, nil, err
			}
		}
	}
	if key == nil {
		return nil, nil, bad("PEM", "holds no private key", "add the key to the file, or pass the file that has it", nil)
	}
	return key, chain, nil
}

func keyOf(block *pem.Block, passphrase domain.Secret) (crypto.Signer, error) {
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, bad("PEM", "holds a private key encrypted in the old way of RFC 1423", `convert it: "openssl pkcs8 -topk8 -in old.pem -out new.pem"`, nil)
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return decryptKey(block.Bytes, passphrase)
	}
	return parseKey("PEM", block.Bytes)
}

// parseCertificates reads Source.Certificates: PEM, or one certificate as bare
// base64, as some portals show it.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	malformed := bad("Certificates", "holds something that is no certificate", "pass PEM certificates", nil)
	list, err := blocks("Certificates", data)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
		if err != nil {
			return nil, malformed
		}
		list = []*pem.Block{{Type: "CERTIFICATE", Bytes: der}}
	}
	var chain []*x509.Certificate
	for _, block := range list {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue // a file with both may be given twice
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, malformed
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, bad("Certificates", "holds no certificate", "pass PEM certificates", nil)
	}
	return chain, nil
}
