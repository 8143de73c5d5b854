export const metadata = { title: 'A binary network in a Next.js app' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
