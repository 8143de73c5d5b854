import adapter from '@sveltejs/adapter-static';

// Static pages in `build`; yours may as well have a server.
export default { kit: { adapter: adapter(), files: { assets: '../assets' } } };
