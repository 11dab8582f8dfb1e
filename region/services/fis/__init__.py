"""AWS Fault Injection Service: experiments that really act on what runs here."""
