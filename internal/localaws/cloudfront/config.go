package cloudfront

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Limits of a distribution (DistributionConfig, Comment; CloudFront quotas, alternate domain
// names per distribution).
const (
	maxComment = 128
	maxNames   = 100
)

// config is a DistributionConfig: what was sent, and what is used of it here.
type config struct {
	Inner   []byte `xml:",innerxml"`
	Aliases *struct {
		Quantity *int
		Items    []string `xml:"Items>CNAME"`
	}
	CallerReference   *string
	Comment           *string
	Enabled           *bool
	Staging           bool
	ViewerCertificate struct {
		ACMCertificateArn string
	}
	Origins              *struct{}
	DefaultCacheBehavior *struct{}

	meaning string // the same for configurations that mean the same
}

// parseConfig reads the body of UpdateDistribution. Unlike the other services it accepts
// elements that it does not use: they are kept.
func parseConfig(body []byte) (config, error) {
	var c config
	var whole node
	if err := cmp.Or(xml.Unmarshal(body, &whole), xml.Unmarshal(body, &c)); err != nil {
		return c, protocol.NewError(http.StatusBadRequest, "MalformedInput", "Unparseable XML: %s", err)
	}
	if whole.XMLName != element("DistributionConfig") {
		return c, protocol.NewError(http.StatusBadRequest, "MalformedInput", "Unexpected element %s", whole.XMLName.Local)
	}
	c.meaning = whole.canonical()
	return c, c.checkForm()
}

func (c config) checkForm() error {
	switch {
	case c.CallerReference == nil, c.Comment == nil, c.Enabled == nil, c.Origins == nil, c.DefaultCacheBehavior == nil:
		return protocol.NewError(http.StatusBadRequest, "MissingBody", "This operation requires a body. Ensure that the body is present and the Content-Type header is set.")
	case c.Aliases != nil && (c.Aliases.Quantity == nil || *c.Aliases.Quantity != len(c.Aliases.Items)):
		return invalid("InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
	case utf8.RuneCountInString(*c.Comment) > maxComment:
		return invalid("InvalidArgument", "The parameter Comment is too long.")
	case len(c.names()) > maxNames:
		return invalid("TooManyDistributionCNAMEs", "Your request contains more CNAMEs than are allowed per distribution.")
	}
	return nil
}

// names are the alternate domain names, in lower case.
func (c config) names() []string {
	if c.Aliases == nil {
		return nil
	}
	names := slices.Clone(c.Aliases.Items)
	for i, name := range names {
		names[i] = strings.ToLower(name)
	}
	return names
}

// edited returns the configuration after an edit of its names, its comment, or whether it is
// disabled. The rest stays as it was sent.
func (c config) edited(edit func(*Distribution)) (config, error) {
	whole := node{XMLName: element("DistributionConfig")}
	if err := xml.Unmarshal(slices.Concat([]byte("<DistributionConfig xmlns=\""+namespace+"\">"), c.Inner, []byte("</DistributionConfig>")), &whole); err != nil {
		return config{}, err
	}
	d := Distribution{Names: c.names(), Comment: *c.Comment, IsDisabled: !*c.Enabled}
	edit(&d)
	items := node{XMLName: element("Items")}
	for _, name := range d.Names {
		items.Children = append(items.Children, leaf("CNAME", name))
	}
	aliases := node{XMLName: element("Aliases"), Children: []node{leaf("Quantity", strconv.Itoa(len(d.Names)))}}
	if len(d.Names) > 0 {
		aliases.Children = append(aliases.Children, items)
	}
	whole.replace(aliases)
	whole.replace(leaf("Comment", d.Comment))
	whole.replace(leaf("Enabled", strconv.FormatBool(!d.IsDisabled)))
	body, err := xml.Marshal(whole)
	if err != nil {
		return config{}, err
	}
	return parseConfig(body)
}

// check decides whether a distribution may have a configuration. Nobody else may have one of
// its names, and a certificate must cover each (CloudFront Developer Guide, "Requirements for
// using alternate domain names").
func (s *Distributions) check(d *distribution, wanted config) error {
	if *wanted.CallerReference != *d.newest().config.CallerReference {
		return invalid("IllegalUpdate", "The update contains modifications that are not allowed.")
	}
	for _, name := range wanted.names() {
		switch {
		case s.isTaken(name, d):
			return nameTaken()
		case wanted.ViewerCertificate.ACMCertificateArn == "":
			return invalid("InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name.")
		case !slices.ContainsFunc(s.certificates[wanted.ViewerCertificate.ACMCertificateArn], func(covered string) bool { return certifies(covered, name) }):
			return invalid("InvalidViewerCertificate", "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that you're trying to add.")
		}
	}
	return nil
}

func (s *Distributions) isTaken(name string, by *distribution) bool {
	for _, other := range s.distributions {
		if other != by && slices.Contains(other.newest().names(), name) {
			return true
		}
	}
	return false
}

// certifies says whether a name of a certificate covers an alternate domain name. The asterisk
// of a certificate stands for one label. That of an alternate domain name needs the same.
func certifies(covered, name string) bool {
	if covered == name {
		return true
	}
	_, parent, _ := strings.Cut(name, ".")
	return covered == "*."+parent
}

// node is an element of a configuration.
type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

func leaf(name, text string) node { return node{XMLName: element(name), Text: text} }

// replace replaces the child of the same name, or adds it.
func (n *node) replace(child node) {
	n.Children = append(slices.DeleteFunc(n.Children, func(c node) bool { return c.XMLName == child.XMLName }), child)
}

// canonical returns a text that is the same for configurations that mean the same. Only the
// order of the items of a list matters.
func (n node) canonical() string {
	parts := []string{}
	for _, child := range n.Children {
		parts = append(parts, child.canonical())
	}
	if n.XMLName.Local != "Items" {
		slices.Sort(parts)
	}
	return fmt.Sprintf("%s%q%q", n.XMLName.Local, n.Text, parts)
}
