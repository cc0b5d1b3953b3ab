package page

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// canvas builds an SVG. It escapes all text.
type canvas struct{ strings.Builder }

func (c *canvas) element(name string, content string, attributes ...any) {
	c.open(name, attributes...)
	fmt.Fprintf(c, "%s</%s>\n", content, name)
}

// open writes a start tag. The attributes are names and values in turn.
func (c *canvas) open(name string, attributes ...any) {
	c.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		value := ""
		switch v := attributes[i+1].(type) {
		case float64:
			value = number(v)
		default:
			value = html.EscapeString(fmt.Sprint(v))
		}
		fmt.Fprintf(c, ` %s="%s"`, attributes[i], value)
	}
	c.WriteString(">")
}

func (c *canvas) close(name string) { c.WriteString("</" + name + ">\n") }

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	c.element("line", "", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "class", class)
}

// rect draws a box with a tooltip.
func (c *canvas) rect(x, y, width, height float64, class, title string) {
	c.element("rect", tooltip(title), "x", x, "y", y, "width", width, "height", height, "class", class)
}

func (c *canvas) path(d, class, title string) {
	c.element("path", tooltip(title), "d", d, "class", class)
}

func (c *canvas) text(x, y float64, class, anchor, text string) {
	c.element("text", html.EscapeString(text), "x", x, "y", y, "class", class, "text-anchor", anchor)
}

func tooltip(title string) string {
	if title == "" {
		return ""
	}
	return "<title>" + html.EscapeString(title) + "</title>"
}

// number formats a coordinate with one decimal.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0")
}
