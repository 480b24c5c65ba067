"""Edits of Jenkinsfiles that several rules make: quoting, indentation, sections, image tags."""
