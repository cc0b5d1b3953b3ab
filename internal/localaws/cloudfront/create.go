package cloudfront

import "encoding/xml"

// origin and behaviour are what every distribution has.
type origin struct {
	ID         string `xml:"Id"`
	DomainName string
}

type behaviour struct {
	TargetOriginID       string `xml:"TargetOriginId"`
	ViewerProtocolPolicy string
}

type createdConfig struct {
	XMLName         xml.Name
	CallerReference string
	Aliases         struct {
		Quantity int
		Items    []string `xml:"Items>CNAME,omitempty"`
	}
	Origins struct {
		Quantity int
		Items    []origin `xml:"Items>Origin"`
	}
	DefaultCacheBehavior behaviour
	Comment              string
	Enabled              bool
	ViewerCertificate    struct {
		CloudFrontDefaultCertificate bool
		ACMCertificateArn            string `xml:",omitempty"`
	}
	Staging bool
}

// newConfig returns the DistributionConfig of a new distribution.
func newConfig(add Distribution) createdConfig {
	c := createdConfig{
		XMLName: element("DistributionConfig"), CallerReference: add.ID, Comment: add.Comment, Enabled: !add.IsDisabled, Staging: add.IsStaging,
		DefaultCacheBehavior: behaviour{TargetOriginID: "site", ViewerProtocolPolicy: "redirect-to-https"},
	}
	c.Aliases.Quantity, c.Aliases.Items = len(add.Names), add.Names
	c.Origins.Quantity, c.Origins.Items = 1, []origin{{ID: "site", DomainName: "site.example.net"}}
	c.ViewerCertificate.CloudFrontDefaultCertificate, c.ViewerCertificate.ACMCertificateArn = add.Certificate == "", add.Certificate
	return c
}
